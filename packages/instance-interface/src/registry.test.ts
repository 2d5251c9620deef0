import { describe, expect, test } from 'vitest';
import { type Backend, createRegistry, InstanceError, type InstanceSpec } from './index.ts';
import { recordOf, ScriptedInstance } from './testing/scripted.ts';

interface BoxSpec extends InstanceSpec {
  readonly type: 'box';
  readonly image?: string | undefined;
}
interface PaneSpec extends InstanceSpec {
  readonly type: 'pane';
}
class Box extends ScriptedInstance {
  readonly image: string | undefined;
  constructor(name: string, image?: string) {
    super({}, { name });
    this.image = image;
  }
}

const box: Backend<BoxSpec, Box> = {
  type: 'box',
  parseSpec(value) {
    const { name, image } = value as Partial<BoxSpec>;
    if (typeof name !== 'string') throw new TypeError('spec.name must be a string.');
    return { type: 'box', name, image };
  },
  create: async (spec) => new Box(spec.name, spec.image),
  open: async (record) => new Box(record.name),
};
const pane: Backend<PaneSpec, ScriptedInstance> = {
  type: 'pane',
  parseSpec: (value) => ({ ...(value as PaneSpec), type: 'pane' }),
  create: async (spec) => new ScriptedInstance({}, { name: spec.name }),
  open: async (record) => new ScriptedInstance({}, { name: record.name }),
};

describe('createRegistry', () => {
  const registry = createRegistry([box, pane]);

  test('knows its types in the order in which they were given, and gives the backend of each', () => {
    expect(registry.types).toEqual(['box', 'pane']);
    expect(registry.get('pane')).toBe(pane);
  });

  test('a spec from a configuration file is parsed by its backend', async () => {
    const spec = registry.parseSpec({ type: 'box', name: 'a', image: 'i' });
    expect(spec).toEqual({ type: 'box', name: 'a', image: 'i' });
    const instance = await registry.create(spec);
    expect(instance.name).toBe('a');
  });

  test('the type of the spec decides the type of the instance', async () => {
    const made = await registry.create({ type: 'box', name: 'a', image: 'i' });
    expect(made.image).toBe('i');
    // @ts-expect-error a pane has no image
    await registry.create({ type: 'pane', name: 'a', image: 'i' });
    // @ts-expect-error there is no such type
    await expect(registry.create({ type: 'cloud', name: 'a' })).rejects.toThrow(InstanceError);
  });

  test('opens a record with the backend of its type', async () => {
    const instance = await registry.open({ ...recordOf('old'), type: 'box' });
    expect(instance).toBeInstanceOf(Box);
    expect(instance.name).toBe('old');
  });

  test('an unknown type is CCB_BACKEND_UNKNOWN, which names the known ones', async () => {
    const unknown = expect.objectContaining({
      code: 'CCB_BACKEND_UNKNOWN',
      message: 'There is no backend of type "cloud": known are box, pane.',
    });
    await expect(registry.open({ ...recordOf('old'), type: 'cloud' })).rejects.toEqual(unknown);
    expect(() => registry.parseSpec({ type: 'cloud' })).toThrow(unknown);
    expect(() => createRegistry([]).parseSpec({ type: 'cloud' })).toThrow(/none is registered/);
  });

  test.each([
    [undefined, /^spec must be an object/],
    [[], /^spec must be an object/],
    [{ name: 'a' }, /^spec\.type must be a string/],
    [{ type: 'box' }, /^spec\.name must be a string/],
  ])('%j is a TypeError with the path', (value, message) => {
    expect(() => registry.parseSpec(value)).toThrow(TypeError);
    expect(() => registry.parseSpec(value)).toThrow(message);
  });

  test('two backends of one type are a TypeError', () => {
    expect(() => createRegistry([box, pane, box])).toThrow(new TypeError('Two backends have the type "box".'));
  });
});
