import { describe, expect, it } from 'vitest';
import { AnswerFollower } from './follower.ts';
import { Followers } from './followers.ts';
import { HistoryReader } from './history-reader.ts';
import { begin, completed, end, late, text } from './testing/lines.ts';
import { RecordedAnswer } from './testing/recorded-answer.ts';
import { journalId } from './testing/scripted-agent.ts';

function scene() {
  const said: string[] = [];
  const followers = new Followers({
    flow: (paused) => said.push(paused ? 'pause' : 'proceed'),
    hold: (held) => said.push(held ? 'hold' : 'read'),
    acknowledge: (seq) => said.push(`ack ${seq}`),
  });
  const follow = (answer: RecordedAnswer): AnswerFollower => {
    const follower = new AnswerFollower(answer, () => followers.updateFlow());
    answer.onDrain = () => followers.updateFlow();
    followers.add(follower);
    return follower;
  };
  const deliver = (...frames: readonly Parameters<Followers['deliver']>[0][]): void => {
    for (const frame of frames) followers.deliver(frame, journalId);
  };
  const lookOn = (): HistoryReader => {
    const nothing = (): void => {};
    const events = { begin: nothing, taken: () => followers.updateFlow(), again: nothing, ended: nothing };
    const reader = new HistoryReader({ follow: true }, events);
    reader.resumed(0, 0);
    followers.add(reader);
    return reader;
  };
  return { said, followers, follow, deliver, lookOn };
}

const big = 'x'.repeat(60_000);

describe('what is acknowledged', () => {
  it('is nothing before anybody reads', () => {
    expect(scene().followers.ackable(100)).toBeUndefined();
  });

  it('is all that came, while no reader is behind', () => {
    const { followers, follow } = scene();
    follow(new RecordedAnswer('a'));
    expect(followers.ackable(100)).toBe(100);
  });

  it('ends before the first line that some reader has not taken', () => {
    const { followers, follow, deliver } = scene();
    const [a, b] = [new RecordedAnswer('a'), new RecordedAnswer('b')];
    follow(a);
    follow(b);
    deliver(begin(1, 'a'), begin(2, 'b'), text(3, 'b', '.'), text(4, 'a', '.'), text(5, 'b', '.'));
    expect(followers.ackable(5)).toBe(2);
    b.take();
    expect(followers.ackable(5)).toBe(3);
    a.take();
    expect(followers.ackable(5)).toBe(5);
  });

  it('is nothing while a resumed answer has not got what it asks for', () => {
    const { followers, follow, deliver } = scene();
    const a = new RecordedAnswer('a', { resumed: true });
    const follower = follow(a);
    expect(followers.ackable(900)).toBe(0);
    follower.resumed(9, 900);
    expect(followers.ackable(900)).toBe(9);
    deliver(begin(10, 'a'), text(11, 'z', 'of another'));
    expect(followers.ackable(900)).toBe(11);
    deliver(text(12, 'a', '.'));
    expect(followers.ackable(900)).toBe(11);
    a.take();
    deliver(text(900, 'z', '.'));
    expect(followers.ackable(900)).toBe(900);
  });

  it('is not held back by what a background child writes after the end', () => {
    const { followers, follow, deliver } = scene();
    const a = new RecordedAnswer('a');
    follow(a);
    deliver(begin(1, 'a'), text(2, 'a', '.'), end(3, 'a'), late(4, 'a', 'late'));
    a.take(3);
    expect(followers.ackable(4)).toBe(4);
  });

  it('is not held back by an answer that was settled here before its end came', () => {
    const { followers, follow, deliver } = scene();
    const a = new RecordedAnswer('a');
    follow(a);
    deliver(begin(1, 'a'), text(2, 'a', '.'));
    a.take();
    a.end(completed('a'), { cursor: 'local.0', at: '', seq: 0 });
    a.take(0);
    deliver(text(3, 'a', '.'), end(4, 'a'));
    expect(followers.ackable(4)).toBe(4);
  });

  it('is told to the agent once a megabyte more was received, and never twice', () => {
    const { said, follow, deliver } = scene();
    const a = new RecordedAnswer('a');
    follow(a);
    deliver(begin(1, 'a'));
    for (let seq = 2; seq <= 40; seq += 1) {
      deliver(text(seq, 'a', big));
      a.take();
    }
    expect(said.length).toBe(2);
    expect(said[0]).toMatch(/^ack 1\d$/);
  });

  it('is told anew to an agent that came back', () => {
    const { said, followers, follow } = scene();
    follow(new RecordedAnswer('a'));
    followers.acknowledge(5);
    followers.acknowledge(5);
    followers.reconnected();
    followers.acknowledge(5);
    expect(said).toEqual(['ack 5', 'ack 5']);
  });
});

describe('flow', () => {
  it('stops the agent while the reader of an answer is slow, and lets it go on', () => {
    const { said, follow } = scene();
    const a = new RecordedAnswer('a');
    follow(a);
    a.full = true;
    a.take(0);
    a.fill(false);
    expect(said).toEqual(['pause', 'proceed']);
  });

  it('goes on when the slow reader leaves', () => {
    const { said, followers, follow } = scene();
    const a = new RecordedAnswer('a');
    const follower = follow(a);
    a.full = true;
    followers.updateFlow();
    followers.remove(follower);
    expect(said).toEqual(['pause', 'proceed']);
  });

  it('stops reading an agent that goes on sending after it was told to stop', () => {
    const { said, follow, deliver } = scene();
    const a = new RecordedAnswer('a');
    follow(a);
    a.full = true;
    deliver(begin(1, 'a'));
    for (let seq = 2; seq < 180; seq += 1) deliver(text(seq, 'a', big));
    a.fill(false);
    expect(said.filter((each) => !each.startsWith('ack'))).toEqual(['pause', 'hold', 'proceed', 'read']);
  });

  it('stops an agent that came back, which knows of no pause', () => {
    const { said, followers, follow } = scene();
    const a = new RecordedAnswer('a');
    follow(a);
    a.full = true;
    followers.updateFlow();
    followers.reconnected();
    expect(said).toEqual(['pause', 'pause']);
  });

  it('is not held up by a slow reader of the history beside an answer', async () => {
    const { said, follow, deliver, lookOn } = scene();
    const reader = lookOn();
    const a = new RecordedAnswer('a');
    follow(a);
    for (let seq = 1; seq < 30; seq += 1) deliver(text(seq, 'z', big));
    expect(reader.full).toBe(true);
    expect(said.filter((each) => !each.startsWith('ack'))).toEqual([]);
  });

  it('is stopped by a slow reader of the history who is alone', async () => {
    const { said, deliver, lookOn } = scene();
    const reader = lookOn();
    for (let seq = 1; seq < 20; seq += 1) deliver(text(seq, 'z', big));
    for (let seq = 1; seq < 20; seq += 1) await reader.next();
    expect(said.filter((each) => !each.startsWith('ack'))).toEqual(['pause', 'proceed']);
  });
});
