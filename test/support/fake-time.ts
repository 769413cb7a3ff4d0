import { jest } from '@jest/globals';
import { loopClock } from '../../src/lastcall/lifecycle/loop-clock.ts';

/** Time that passes only when a test says so, in which the event loop never stands still and has always read all. */
export function useFakeTime(): void {
  jest.useFakeTimers();
  jest.spyOn(loopClock, 'stalledMs', 'get').mockReturnValue(0);
  jest.spyOn(loopClock, 'look').mockResolvedValue();
}

export function useRealTime(): void {
  jest.useRealTimers();
  jest.restoreAllMocks();
}
