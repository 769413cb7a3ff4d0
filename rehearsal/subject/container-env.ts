import type { IContainer, IEnvVarSource } from 'kubernetes-models/v1';
import { type KubeObject, ofKind } from './manifests.ts';
import type { Environment } from './subject.ts';

/** Values by name; those of a Secret are Base64. */
interface Values extends KubeObject {
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/**
 * The variables of a container: its own, those of ConfigMaps and Secrets that are in the manifests, else those of this
 * process that have the same name.
 *
 * @param left gets a sentence for each that is missing
 */
export function environmentOf(
  { env = [], envFrom = [] }: IContainer,
  objects: KubeObject[],
  inherited: Environment,
  left: string[],
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of envFrom) {
    const { name = '' } = configMapRef ?? secretRef ?? {};
    const values = valuesOf(objects, secretRef === undefined ? 'ConfigMap' : 'Secret', name);
    if (values === undefined) {
      left.push(`The variables of ${name} are unknown here: set them in the environment of the rehearsal.`);
    }
    for (const [key, value] of Object.entries(values ?? {})) environment[prefix + key] = value;
  }
  for (const { name, value, valueFrom } of env) {
    // YAML has numbers, too, which a cluster would refuse.
    const known: unknown = value ?? fromElsewhere(valueFrom, objects) ?? inherited[name];
    if (known !== undefined) environment[name] = expanded(String(known), environment);
    else if (valueFrom?.configMapKeyRef?.optional !== true && valueFrom?.secretKeyRef?.optional !== true)
      left.push(`${name} comes from a Secret or ConfigMap: set it in the environment of the rehearsal.`);
  }
  return environment;
}

function fromElsewhere(
  { fieldRef, configMapKeyRef, secretKeyRef }: IEnvVarSource = {},
  objects: KubeObject[],
): string | undefined {
  if (fieldRef !== undefined) return fieldRef.fieldPath.endsWith('IP') ? '127.0.0.1' : fieldRef.fieldPath;
  if (configMapKeyRef !== undefined)
    return valuesOf(objects, 'ConfigMap', configMapKeyRef.name)?.[configMapKeyRef.key];
  if (secretKeyRef !== undefined) return valuesOf(objects, 'Secret', secretKeyRef.name)?.[secretKeyRef.key];
  return undefined;
}

function valuesOf(
  objects: KubeObject[],
  kind: 'ConfigMap' | 'Secret',
  name: string | undefined,
): Record<string, string> | undefined {
  const found = ofKind<Values>(objects, kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) return undefined;
  const { data = {}, stringData = {} } = found;
  if (kind === 'ConfigMap') return data;
  const decoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return { ...(Object.fromEntries(decoded) as Record<string, string>), ...stringData };
}

/** `$(NAME)` is the value of a variable before it, `$$` a dollar; what is not known stays as it is. */
function expanded(text: string, known: Record<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([\w.-]+)\)/g, (all, name?: string) =>
    name === undefined ? '$' : (known[name] ?? all),
  );
}
