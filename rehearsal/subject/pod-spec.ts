import type { IContainer, IPodSpec, IProbe } from 'kubernetes-models/v1';
import { isSignal, USUAL_SIGNAL } from './signals.ts';
import { type Pod, type Probe, probe } from './subject.ts';

/** What a pod gets where its manifest says nothing (`terminationGracePeriodSeconds`). */
const USUAL_GRACE_S = 30;

/**
 * Everything of a pod that decides how its process starts, is probed and ends.
 *
 * @param variableOf the variable that a port of the container comes from; undefined if there is none
 * @param fallback the readiness of a container whose own can't be tried here
 * @param left gets a sentence for each part that can't be rehearsed
 */
export function podOf(
  { terminationGracePeriodSeconds = USUAL_GRACE_S }: IPodSpec,
  container: IContainer,
  variableOf: (port: number | string) => string | undefined,
  fallback: Probe,
  left: string[],
): Pod {
  const of = (kind: 'startup' | 'liveness' | 'readiness') => {
    const given = container[`${kind}Probe`];
    return given === undefined ? undefined : probeOf(kind, given, variableOf, left);
  };
  const readiness = of('readiness');
  if (container.readinessProbe === undefined)
    left.push('There is no readiness probe: replicas are ready when they accept connections, not sooner.');
  return {
    graceMs: terminationGracePeriodSeconds * 1000,
    preStopMs: preStopOf(container, left),
    stopSignal: stopSignalOf(container, left),
    startup: of('startup'),
    liveness: of('liveness'),
    readiness: readiness ?? fallback,
  };
}

function probeOf(
  kind: string,
  { httpGet, tcpSocket, ...times }: IProbe,
  variableOf: (port: number | string) => string | undefined,
  left: string[],
): Probe | undefined {
  const { port } = httpGet ?? tcpSocket ?? {};
  if (port === undefined) {
    left.push(`The ${kind} probe is left out: only httpGet and tcpSocket can be rehearsed.`);
    return undefined;
  }
  const variable = variableOf(port);
  if (variable === undefined) {
    left.push(`The ${kind} probe is left out: no variable of the container says its port, ${port}.`);
    return undefined;
  }
  const { initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold, successThreshold } = times;
  const ms = (seconds: number | undefined, name: string) =>
    seconds === undefined ? {} : { [name]: seconds * 1000 };
  return probe(variable, httpGet === undefined ? undefined : (httpGet.path ?? '/'), {
    https: httpGet?.scheme === 'HTTPS',
    ...ms(initialDelaySeconds, 'initialDelayMs'),
    ...ms(periodSeconds, 'periodMs'),
    ...ms(timeoutSeconds, 'timeoutMs'),
    ...(failureThreshold === undefined ? {} : { failureThreshold }),
    ...(successThreshold === undefined ? {} : { successThreshold }),
  });
}

/** A sleep, however it is written. */
function preStopOf({ lifecycle: { preStop } = {} }: IContainer, left: string[]): number {
  if (preStop === undefined) return 0;
  if (preStop.sleep !== undefined) return preStop.sleep.seconds * 1000;
  const [, seconds] =
    /^(?:(?:\S*\/)?(?:ba|da)?sh -\w*c )?(?:\S*\/)?sleep (\d+(?:\.\d+)?)s?$/.exec(
      (preStop.exec?.command ?? []).join(' ').trim(),
    ) ?? [];
  if (seconds !== undefined) return Number(seconds) * 1000;
  left.push('The preStop hook is left out: the signal comes at once. --pre-stop says how long it takes.');
  return 0;
}

function stopSignalOf({ lifecycle: { stopSignal = USUAL_SIGNAL } = {} }: IContainer, left: string[]) {
  if (isSignal(stopSignal)) return stopSignal;
  left.push(`${stopSignal} is no signal that can be sent here: replicas get ${USUAL_SIGNAL}.`);
  return USUAL_SIGNAL;
}
