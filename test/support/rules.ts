import { type KubeObject, ofKind, render } from '../../scripts/helm.ts';
import { type RuleFile, TARGET } from './prometheus.ts';

/** The rules as the chart renders them, in the form of a rule file. */
export async function renderedRules(values: object = {}): Promise<RuleFile> {
  const objects = await render({
    values: { metrics: { prometheusRule: { enabled: true, ...values } } },
    args: ['--namespace', TARGET.namespace, '-s', 'templates/prometheusrule.yaml'],
  });
  const [rule] = ofKind<KubeObject & { spec: RuleFile }>(objects, 'PrometheusRule');
  if (rule === undefined) throw new Error('no PrometheusRule was rendered');
  return rule.spec;
}
