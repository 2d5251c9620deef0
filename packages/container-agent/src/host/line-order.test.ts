import { describe, expect, it } from 'vitest';
import { LineOrder } from './line-order.ts';

function orderAfter(lastSeq: number): LineOrder {
  const order = new LineOrder();
  order.begin(lastSeq);
  return order;
}

describe('LineOrder', () => {
  it('delivers the lines that follow each other', () => {
    const order = orderAfter(7);
    expect([8, 9, 10].map((seq) => order.line(seq))).toEqual(['deliver', 'deliver', 'deliver']);
    expect([order.last, order.expected]).toEqual([10, 11]);
  });

  it('asks once for a line that is not there, and waits until the agent has gone back', () => {
    const order = orderAfter(0);
    order.line(1);
    expect([order.line(3), order.line(4)]).toEqual(['ask-again', 'wait']);
    order.resumed(1, 4);
    expect([2, 3, 4].map((seq) => order.line(seq))).toEqual(['deliver', 'deliver', 'deliver']);
  });

  it('gives an agent up that was asked three times for the same line', () => {
    const order = orderAfter(0);
    for (let round = 0; round < 3; round += 1) {
      expect(order.line(2)).toBe('ask-again');
      order.resumed(0, 2);
    }
    expect(order.line(2)).toBe('broken');
  });

  it('notices a line that is missing again right after the agent has gone back', () => {
    const order = orderAfter(200);
    order.resumed(100, 200);
    expect(order.missing()).toBe('ask-again');
    expect(order.last).toBe(100);
  });

  it('takes no offence at any number of unreadable lines between which nothing was missing', () => {
    const order = orderAfter(5);
    for (let round = 0; round < 20; round += 1) {
      expect(order.missing()).toBe('ask-again');
      order.resumed(5, 5);
    }
  });

  it('lets the agent go back for a command that it has known before', () => {
    const order = orderAfter(50);
    expect([order.line(10), order.line(11)]).toEqual(['deliver', 'deliver']);
    expect(order.expected).toBe(12);
  });

  it('never goes forward by what the agent says of itself', () => {
    const order = orderAfter(5);
    order.resumed(90, 100);
    expect(order.expected).toBe(6);
  });
});
