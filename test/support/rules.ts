import { type KubeObject, ofKind, render } from '../../scripts/helm.ts';
import { knownOf } from './extras.ts';
import { type RuleFile, TARGET } from './prometheus.ts';

/** Turns on what has alerts of its own. */
const ROOMS = knownOf({
  tls: { enabled: true, secretName: 'tls' },
  gateway: { targets: [{ path: '/a', url: 'http://a' }] },
});

/** The rules as the chart renders them with every room, in the form of a rule file. */
export async function renderedRules(values: object = {}): Promise<RuleFile> {
  const objects = await render({
    values: { ...ROOMS, metrics: { prometheusRule: { enabled: true, ...values } } },
    args: ['--namespace', TARGET.namespace, '-s', 'templates/prometheusrule.yaml'],
  });
  const [rule] = ofKind<KubeObject & { spec: RuleFile }>(objects, 'PrometheusRule');
  if (rule === undefined) throw new Error('no PrometheusRule was rendered');
  return rule.spec;
}
