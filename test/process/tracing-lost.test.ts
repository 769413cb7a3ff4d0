import { expect } from '@jest/globals';
import { get, inFlight } from '../harness/http.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { reportOf } from '../harness/report.ts';
import { startService } from '../harness/service.ts';
import { otlpReceiver } from '../support/otlp-receiver.ts';

test('an error that ends the process is told with the trace of its request, what it cuts with that of another, and all else with none', async () => {
  const collector = await otlpReceiver();
  const service = startService(
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SHUTDOWN_DRAIN_TIMEOUT: '200ms' },
    { entry: 'test/process/faulty.mjs' },
  );
  const url = await service.url;
  const cut = get(`${url}/slow?ms=60000`);
  cut.catch(() => undefined);
  await inFlight(await service.management, 1, cut);
  await get(`${url}/fail?callbacks=timer`);
  const { report } = await reportOf(service);

  const failing = await collector.span({ attributes: { 'url.path': '/fail' } });
  const lost = await collector.span({ attributes: { 'url.path': '/slow' } });
  expect(await service.line({ event: 'fatal' })).toMatchObject({ trace_id: failing.traceId });
  expect(await service.line({ event: 'cut' })).toMatchObject({ trace_id: lost.traceId });
  expect(report.cutRequests).toMatchObject([{ trace_id: lost.traceId }]);
  const others = service.lines.filter(({ event }) =>
    /^(?:lifecycle|listener|hook|shutdown)$/.test(event ?? ''),
  );
  expect(others.length).toBeGreaterThan(4);
  expect(others.filter((line) => 'trace_id' in line)).toEqual([]);
});
