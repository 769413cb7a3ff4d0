import { InvalidArgumentError } from 'commander';
import { type FrontName, FRONTS } from '../cluster/front/kinds.ts';
import { SCENARIO_NAMES } from '../plan.ts';
import { isFile } from '../scenario-file.ts';
import { parseDuration } from '../subject/durations.ts';
import { PRESETS } from '../subject/presets.ts';
import { isSignal } from '../subject/signals.ts';
import type { FailOn } from './verdicts.ts';

// How the text of each flag is read; each throws commander's InvalidArgumentError with what was expected.

/** `all`, or names and files separated by commas. */
export function scenarioList(text: string): string[] {
  if (text === 'all') return [...SCENARIO_NAMES];
  return text.split(',').map((name) => {
    const wanted = name.trim();
    if (!SCENARIO_NAMES.some((known) => known === wanted) && !isFile(wanted))
      throw new InvalidArgumentError(
        `expected all, or some of ${SCENARIO_NAMES.join(', ')}, or a .yaml file`,
      );
    return wanted;
  });
}

/** In milliseconds, at most a day. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('expected a duration such as 250ms, 5s or 2m');
  return ms;
}

/** Of something that would never happen without one. */
export function someTime(text: string): number {
  const ms = duration(text);
  if (ms === 0) throw new InvalidArgumentError('expected a duration of at least 1ms');
  return ms;
}

/** `0.2` or `20%`, as a number from 0 to 1. */
export function portion(text: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  const share = percent === undefined ? Number(text) : Number(percent) / 100;
  if (text.trim() === '' || !(share >= 0 && share <= 1)) {
    throw new InvalidArgumentError('expected a share such as 0.2 or 20%');
  }
  return share;
}

/** A whole number, both ends included. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,10}$/.test(text) || Number(text) < least || Number(text) > most) {
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
    }
    return Number(text);
  };
}

/** The path of a URL, with its query. */
export function path(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('expected a path that begins with /');
  return text;
}

/** One of {@link PRESETS}. */
export function presetName(text: string): string {
  if (!Object.hasOwn(PRESETS, text))
    throw new InvalidArgumentError(`expected one of ${Object.keys(PRESETS).join(', ')}`);
  return text;
}

/** One of {@link FailOn}. */
export function failOn(text: string): FailOn {
  if (text !== 'loss' && text !== 'unexpected') throw new InvalidArgumentError('expected loss or unexpected');
  return text;
}

/** One of {@link FRONTS}. */
export function frontName(text: string): FrontName {
  if (!Object.hasOwn(FRONTS, text))
    throw new InvalidArgumentError(`expected one of ${Object.keys(FRONTS).join(', ')}`);
  return text as FrontName;
}

/** Anything but nothing. */
export function commandLine(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('expected a program and its arguments');
  return text;
}

/** A name that a shell takes for one. */
export function variableName(text: string): string {
  if (!/^[A-Za-z_]\w*$/.test(text)) throw new InvalidArgumentError('expected the name of a variable');
  return text;
}

/** The name of a signal that this system has, and that a process can handle or is ended by. */
export function signalName(text: string): NodeJS.Signals {
  if (!isSignal(text))
    throw new InvalidArgumentError('expected the name of a signal, such as SIGTERM or SIGQUIT');
  return text;
}

/** The name of a header (RFC 9110, 5.1). */
export function headerName(text: string): string {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(text)) throw new InvalidArgumentError('expected the name of a header');
  return text;
}

/** `Name: value`, added to those before. */
export function header(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name = '', value = ''] = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(text) ?? [];
  // oxlint-disable-next-line no-control-regex
  if (name === '' || /[^\t\u0020-\u007e\u0080-\u00ff]/.test(value))
    throw new InvalidArgumentError("expected 'Name: value'");
  return { ...before, [headerName(name)]: value };
}

/** Of a flag that may be repeated: all of its values. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** `NAME=value`, added to those before. */
export function variable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('expected NAME=value');
  return { ...before, [name]: value };
}
