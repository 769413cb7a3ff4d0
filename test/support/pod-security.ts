import type { IContainer, IPodSpec } from 'kubernetes-models/v1';

/** What the "restricted" Pod Security Standard lets a pod mount. */
const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);
const SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);
const SELINUX_TYPES = [
  undefined,
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
];
const SECCOMP_TYPES = ['RuntimeDefault', 'Localhost'];
const APPARMOR_TYPES = [undefined, 'RuntimeDefault', 'Localhost'];

/**
 * What the "restricted" Pod Security Standard has against a pod, one line each.
 * The controls are those of https://kubernetes.io/docs/concepts/security/pod-security-standards/ for Linux.
 */
export function podSecurityViolations(spec: IPodSpec): string[] {
  const found: string[] = [];
  const check = (ok: boolean, problem: string) => ok || found.push(problem);
  const pod = spec.securityContext ?? {};

  for (const namespace of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    check(spec[namespace] !== true, `${namespace} is on`);
  }
  check(pod.windowsOptions?.hostProcess !== true, 'hostProcess is on');
  check(SELINUX_TYPES.includes(pod.seLinuxOptions?.type), 'the pod has an SELinux type of its own');
  check(!pod.seLinuxOptions?.user && !pod.seLinuxOptions?.role, 'the pod has an SELinux user or role');
  for (const { name } of pod.sysctls ?? []) check(SYSCTLS.has(name), `sysctl ${name} is not safe`);
  check(pod.runAsUser !== 0, 'the pod runs as root');
  for (const volume of spec.volumes ?? []) {
    const [type = 'none'] = Object.keys(volume).filter((key) => key !== 'name');
    check(VOLUMES.has(type), `volume ${volume.name} is a ${type}`);
  }
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  for (const container of containers) {
    found.push(...containerViolations(container, pod).map((text) => `${container.name}: ${text}`));
  }
  return found;
}

function containerViolations(container: IContainer, pod: NonNullable<IPodSpec['securityContext']>): string[] {
  const found: string[] = [];
  const check = (ok: boolean, problem: string) => ok || found.push(problem);
  const context = container.securityContext ?? {};

  check(context.privileged !== true, 'is privileged');
  check(context.allowPrivilegeEscalation === false, 'allows privilege escalation');
  check(context.capabilities?.drop?.includes('ALL') === true, 'does not drop all capabilities');
  for (const capability of context.capabilities?.add ?? []) {
    check(capability === 'NET_BIND_SERVICE', `adds ${capability}`);
  }
  check((context.runAsNonRoot ?? pod.runAsNonRoot) === true, 'may run as root');
  check(context.runAsUser !== 0, 'runs as root');
  const seccomp = (context.seccompProfile ?? pod.seccompProfile)?.type ?? 'none';
  check(SECCOMP_TYPES.includes(seccomp), `has seccomp profile ${seccomp}`);
  check(APPARMOR_TYPES.includes(context.appArmorProfile?.type), 'has AppArmor off');
  check(SELINUX_TYPES.includes(context.seLinuxOptions?.type), 'has an SELinux type of its own');
  check(!context.seLinuxOptions?.user && !context.seLinuxOptions?.role, 'has an SELinux user or role');
  check([undefined, 'Default'].includes(context.procMount), 'sees the unmasked /proc');
  for (const { hostPort } of container.ports ?? []) check(!hostPort, `takes host port ${hostPort}`);
  const { startupProbe, livenessProbe, readinessProbe, lifecycle } = container;
  for (const handler of [
    startupProbe,
    livenessProbe,
    readinessProbe,
    lifecycle?.preStop,
    lifecycle?.postStart,
  ]) {
    check(
      !handler?.httpGet?.host && !handler?.tcpSocket?.host,
      'has a probe or hook that goes to another host',
    );
  }
  return found;
}
