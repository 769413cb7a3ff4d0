#!/usr/bin/env bash
# Replaces the pods of a release under load, on a real cluster, and fails if one request is lost: see usage below.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: rollout.sh --image REF [option…] [scenario…]

Installs the chart into the cluster that kubectl points to, and runs a load through its Service while pods leave.
The load generator is a pod of the same image, so that nothing but the API server must be reachable from here.

scenarios (all of them, if none is named):
  rollout         kubectl rollout restart of three replicas
  scale-down      from four replicas to one
  single-replica  kubectl rollout restart of a single replica
  planted         a restart with neither window nor time to drain: passes only if losses are found

options:
  --image REF       the service's image, with tag or digest
  --archive FILE    a tar archive of it to load into the node first: by kind if the context is one of kind's, else
                    by ctr into the local containerd; LOAD names another command, which gets FILE as last argument
  --values FILE     values for the chart, may be repeated
  --template        apply what "helm template" renders, for a cluster that helm can't or may not install to; with
                    --values helm/ci/minimal-values.yaml that is a Deployment and a Service, which old ones know too
  --namespace NAME  default service-e2e; made and deleted again, unless it is there already
  --release NAME    default e2e
  --rate N          requests a second, default 100
  --node PATH       node inside of the image, default /nodejs/bin/node
  --out FOLDER      for verdicts, logs, events and termination messages, default e2e-results

environment: KUBECTL, HELM and LOAD are commands to use instead of kubectl, helm and the above, arguments included.
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chart=$here/../../helm
paths=$here/../../src/service/paths.json
read -ra kubectl <<<"${KUBECTL:-kubectl}"
read -ra helm <<<"${HELM:-helm}"

image='' archive='' namespace=service-e2e release=e2e rate=100 node=/nodejs/bin/node out=e2e-results template=
values=() scenarios=() failed=() background=()
made_namespace='' installed=''

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "rollout.sh: $*"
  exit 1
}
misused() {
  say "rollout.sh: $*"
  usage >&2
  exit 2
}

while (($# > 0)); do
  case $1 in
    --image | --archive | --values | --namespace | --release | --rate | --node | --out)
      (($# > 1)) || misused "$1 needs a value"
      case $1 in
        --values) values+=(--values "$2") ;;
        *) printf -v "${1#--}" %s "$2" ;;
      esac
      shift 2
      ;;
    --template) template=yes && shift ;;
    --help) usage && exit ;;
    rollout | scale-down | single-replica | planted) scenarios+=("$1") && shift ;;
    *) misused "unknown argument: $1" ;;
  esac
done
[[ -n $image ]] || misused 'there is no --image'
((${#scenarios[@]} > 0)) || scenarios=(rollout scale-down single-replica planted)
selector=app.kubernetes.io/instance=$release

kube() { "${kubectl[@]}" --namespace "$namespace" "$@"; }

# await SECONDS WHAT COMMAND…: asks once a second.
await() {
  local seconds=$1 what=$2 end=$((SECONDS + $1))
  shift 2
  until "$@"; do
    ((SECONDS < end)) || fail "waited for $seconds s in vain: $what"
    sleep 1
  done
}

image_values() {
  local name=${image%@*}
  local tag=${name##*/}
  [[ $tag == *:* ]] && tag=${tag##*:} || tag=
  printf '%s\n' --set-string "image.repository=${name%":$tag"}" --set-string "image.tag=$tag"
  if [[ $image == *@* ]]; then printf '%s\n' --set-string "image.digest=${image#*@}"; fi
}

load_archive() {
  local command=(ctr --namespace k8s.io images import) context
  context=$("${kubectl[@]}" config current-context 2>/dev/null || true)
  [[ $context != kind-* ]] || command=(kind load image-archive --name "${context#kind-}")
  [[ -z ${LOAD:-} ]] || read -ra command <<<"$LOAD"
  say "loading $archive: ${command[*]}"
  "${command[@]}" "$archive"
}

# deploy VALUE…: installs or upgrades with these values, and waits for it.
deploy() {
  local arguments=("$release" "$chart" --namespace "$namespace" --set "fullnameOverride=$release" "${values[@]}") line
  while read -r line; do arguments+=("$line"); done < <(image_values)
  for line in "$@"; do arguments+=(--set "$line"); done
  installed=yes
  if [[ -n $template ]]; then
    "${helm[@]}" template --no-hooks "${arguments[@]}" | kube apply -f - >&2
  else
    "${helm[@]}" upgrade --install "${arguments[@]}" >"$out/helm.log"
  fi
  rolled_out
}

rolled_out() { kube rollout status "deployment/$release" --timeout=240s >&2; }
restart() {
  kube rollout restart "deployment/$release" >&2
  rolled_out
}
pods_are() { [[ $(kube get pods --selector "$selector" --output name | wc -l) -eq $1 ]]; }

load_manifest() {
  local ip port
  ip=$(kube get service "$release" --output 'jsonpath={.spec.clusterIP}')
  port=$(kube get service "$release" --output 'jsonpath={.spec.ports[?(@.name=="http")].port}')
  [[ $ip != *:* ]] || ip="[$ip]"
  # By address: there need not be a DNS. As restricted as the service itself.
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: { name: $release-load }
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: load
      image: '$image'
      command: ['$node', /e2e/load.mjs, 'http://$ip:$port', --rate, '$rate', $1]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { memory: 256Mi } }
      volumeMounts: [{ name: script, mountPath: /e2e }]
  volumes: [{ name: script, configMap: { name: $release-load } }]
YAML
}

start_load() {
  remove_load
  kube create configmap "$release-load" --from-file="$here/load.mjs" --from-file="$paths" >&2
  load_manifest "$1" | kube apply -f - >&2
  await 120 'the load is not steady' load_is_steady
}
load_is_steady() {
  ! load_has_ended || fail "the load has ended early: $(kube logs "$release-load" | tail -n 1)"
  # Not grep -q: it would leave at the first match, and kubectl fail for having nobody to write to.
  kube logs "$release-load" 2>/dev/null | grep -x steady >/dev/null
}
load_has_ended() {
  [[ $(kube get pod "$release-load" --output 'jsonpath={.status.phase}') =~ ^(Succeeded|Failed)$ ]]
}
stop_load() {
  kube exec "$release-load" -- "$node" -e 'process.kill(1, "SIGTERM")' || true # it may have failed by itself
  await 60 'the load does not end' load_has_ended
  kube logs "$release-load" >"$1"
}
remove_load() { kube delete "pod/$release-load" "configmap/$release-load" --ignore-not-found >&2; }

# A pod's termination message and log are gone with the pod: written down while it leaves.
record() {
  local pod
  # Not through kube: in the background that would be a shell around kubectl, and kill would miss kubectl.
  local watcher=("${kubectl[@]}" --namespace "$namespace")
  "${watcher[@]}" get pods --selector "$selector" --watch --output json --request-timeout=900s >"$1.pods" 2>/dev/null &
  background+=($!)
  for pod in $(kube get pods --selector "$selector" --output name); do
    "${watcher[@]}" logs --follow "$pod" >"$1.${pod#pod/}.log" 2>&1 &
    background+=($!)
  done
  await 30 'the watch of the pods does not begin' test -s "$1.pods"
}
stop_recording() {
  ((${#background[@]} == 0)) || kill "${background[@]}" 2>/dev/null || true
  background=()
}

# under_load SCENARIO FROM TO LOAD_OPTION CHANGE…: a change from so many pods to so many, under load.
under_load() {
  local scenario=$1 from=$2 to=$3 option=$4
  shift 4
  await 120 'pods of the scenario before are still there' pods_are "$from"
  start_load "$option"
  record "$out/$scenario"
  say "$scenario: $*"
  "$@"
  await 120 'the old pods do not leave' pods_are "$to"
  sleep 3 # a loss may come after the pod is gone
  stop_load "$out/$scenario.load.log"
  stop_recording
  node "$here/summary.mjs" "$out" "$scenario" || failed+=("$scenario")
}

run() {
  case $1 in
    rollout)
      deploy replicaCount=3
      under_load rollout 3 3 '' restart
      ;;
    scale-down)
      deploy replicaCount=4
      under_load scale-down 4 1 '' deploy replicaCount=1
      ;;
    single-replica)
      deploy replicaCount=1 shutdown.readiness=pass
      under_load single-replica 1 1 '' restart
      ;;
    planted)
      deploy replicaCount=3 shutdown.readiness=pass shutdown.{window,windowMax,quietPeriod,drainTimeout}=0
      under_load planted 3 3 --expect-losses restart
      ;;
  esac
}

clean_up() {
  local status=$?
  trap - EXIT
  set +e
  stop_recording
  if [[ -n $installed ]]; then
    kube get events --output wide >"$out/events.txt" 2>&1
    kube describe pods >"$out/pods.txt" 2>&1
    kube logs --selector "$selector" --tail=-1 >"$out/last.log" 2>&1
  fi
  if [[ -n $made_namespace ]]; then
    "${kubectl[@]}" delete namespace "$namespace" --timeout=120s >&2
  elif [[ -n $installed ]]; then
    remove_load
    if [[ -n $template ]]; then
      kube delete deployment,service,serviceaccount,poddisruptionbudget --selector "$selector" >&2
    else
      "${helm[@]}" uninstall "$release" --namespace "$namespace" >&2
    fi
  fi
  exit "$status"
}

mkdir -p "$out"
trap clean_up EXIT
trap 'exit 130' INT TERM
[[ -z $archive ]] || load_archive
if ! "${kubectl[@]}" get namespace "$namespace" >/dev/null 2>&1; then
  "${kubectl[@]}" create namespace "$namespace" >&2
  made_namespace=yes
  "${kubectl[@]}" label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >&2
fi
for scenario in "${scenarios[@]}"; do run "$scenario"; done
((${#failed[@]} == 0)) || fail "failed: ${failed[*]}"
say "passed: ${scenarios[*]}"
