import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { mounted, services, yaml } from '../support/compose.ts';

interface Collector {
  receivers: Record<string, { protocols: Record<string, { endpoint: string }> }>;
  exporters: Record<string, { endpoint: string }>;
  service: { pipelines: Record<string, { receivers: string[]; exporters: string[] }> };
}

const collector = yaml(mounted(services.collector, '/etc/otelcol/config.yaml')) as Collector;
/** Of compose.yaml, for people. */
const [, endpoint = ''] =
  /^# OTEL_EXPORTER_OTLP_ENDPOINT=(\S+) docker compose --profile tracing up/m.exec(
    readFileSync('compose.yaml', 'utf8'),
  ) ?? [];

test('the service exports to where it is told, and nothing by itself', () => {
  expect(services.service.environment).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: null });
});

test('collector and viewer are there with their profile only', () => {
  const profiles = Object.entries(services).map(([name, { profiles: own }]) => [name, own]);
  expect(Object.fromEntries(profiles)).toMatchObject({
    service: undefined,
    collector: ['tracing'],
    jaeger: ['tracing'],
  });
});

test('the collector listens where compose.yaml says, and hands everything to a viewer that is there', () => {
  const { receivers, exporters, service } = collector;
  const { hostname, port } = new URL(endpoint);
  expect(services).toHaveProperty(hostname, services.collector);
  expect(receivers['otlp']?.protocols['http']?.endpoint).toBe(`0.0.0.0:${port}`);

  const [pipeline, ...others] = Object.values(service.pipelines);
  expect(others).toEqual([]);
  expect(pipeline?.receivers).toEqual(Object.keys(receivers));
  expect(pipeline?.exporters).toEqual(Object.keys(exporters));
  for (const { endpoint: to } of Object.values(exporters)) {
    expect(services).toHaveProperty(to.split(':')[0] ?? '', services.jaeger);
  }
});
