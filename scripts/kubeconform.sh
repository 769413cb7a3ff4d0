#!/usr/bin/env bash
# Holds every example of the chart to the schemas of the oldest and of the newest Kubernetes that it supports. Needs
# helm, kubeconform and the internet, where the schemas come from.
set -euo pipefail
cd "$(dirname "$0")/.."

# Not among the schemas of Kubernetes; test/chart/types.test.ts has them.
custom=PodMonitor,ServiceMonitor,PodMonitoring,PrometheusRule,HTTPRoute,VerticalPodAutoscaler

for version in 1.29.0 1.36.0; do
  for values in helm/ci/*.yaml; do
    echo "Kubernetes $version, $values"
    helm template rel helm --values "$values" --kube-version "$version" |
      kubeconform -strict -summary -kubernetes-version "$version" -skip "$custom"
  done
done
