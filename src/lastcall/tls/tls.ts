import type { Logger } from 'pino';
import type { Contradiction } from '../config/contradictions.ts';
import { flag, port, text } from '../config/variables.ts';
import { messageOf } from '../lifecycle/errors.ts';
import type { Room, Wiring } from '../room.ts';
import type { MetricFactory } from '../telemetry/metrics.ts';
import { CertificateWatcher, readCertificate } from './certificate.ts';

const SCHEMA = {
  port: port('TLS_PORT', {
    meaning: 'Traffic listener, HTTPS, with the same routes; `0` picks a free port',
  }),
  certFile: text('TLS_CERT_FILE', {
    meaning: 'PEM certificate chain of the HTTPS listener; read again when it changes',
  }),
  keyFile: text('TLS_KEY_FILE', {
    meaning: 'PEM private key of the HTTPS listener; read again when it changes',
  }),
  only: flag('TLS_ONLY', {
    default: 'false',
    meaning: 'No plain HTTP: the listener of `PORT` is not opened',
  }),
};

interface Values {
  port: number | undefined;
  certFile: string | undefined;
  keyFile: string | undefined;
  only: boolean;
}

/** HTTPS: one more listener of the application, whose certificate is read again when it changes on disk. */
export const tls: Room<typeof SCHEMA> = {
  name: 'tls',
  schema: SCHEMA,
  ports: ({ port }, { http }) => (port === undefined ? [] : [{ name: 'TLS_PORT', port, host: http.host }]),
  insteadOfHttp: ({ only }) => only,
  contradictions: (values, { env }) => contradictions(values, env),
  open: ({ port, certFile, keyFile }, { listen, metrics, logger }: Wiring) => {
    if (port === undefined || certFile === undefined || keyFile === undefined) return;
    const watcher = new CertificateWatcher({ certFile, keyFile });
    const listener = listen({ name: 'https', port, certificate: watcher.certificate });
    watcher.on('renewed', (renewed) => listener.setCertificate(renewed));
    watcher.start();
    logCertificate(logger, watcher);
    showCertificate(metrics, watcher);
  },
};

/** HTTPS needs its port, its certificate and the key of that certificate. */
function contradictions({ port, certFile, keyFile, only }: Values, env: NodeJS.ProcessEnv): Contradiction[] {
  const files = ['TLS_CERT_FILE', 'TLS_KEY_FILE'];
  if (port === undefined) {
    return [...files, ...(only ? ['TLS_ONLY'] : [])]
      .filter((name) => env[name] !== undefined)
      .map((name) => ({ of: [name, 'TLS_PORT'], text: `${name}: expected TLS_PORT to be set, too` }));
  }
  if (only && env['PORT'] !== undefined) {
    const text = `PORT=${JSON.stringify(env['PORT'])}: expected not to be set, because TLS_ONLY is`;
    return [{ of: ['PORT', 'TLS_ONLY'], text }];
  }
  const missing = files.filter((name) => env[name] === undefined);
  if (missing.length > 0 || certFile === undefined || keyFile === undefined) {
    return missing.map((name) => ({ of: [name], text: `${name}: expected a file, because TLS_PORT is set` }));
  }
  try {
    readCertificate({ certFile, keyFile });
    return [];
  } catch (error) {
    return [{ of: files, text: `TLS_CERT_FILE, TLS_KEY_FILE: ${messageOf(error)}` }];
  }
}

function logCertificate(logger: Logger, watcher: CertificateWatcher): void {
  const warnIfExpired = () => {
    const expiresAt = new Date(watcher.expiresAt * 1000);
    if (expiresAt.getTime() > Date.now()) return;
    logger.warn({ event: 'certificate', expiresAt }, 'the certificate has expired: clients will refuse it');
  };
  warnIfExpired();
  watcher.on('renewed', () => {
    const expiresAt = new Date(watcher.expiresAt * 1000);
    logger.info({ event: 'certificate', expiresAt }, 'certificate renewed');
    warnIfExpired();
  });
  watcher.on('broken', (err) => {
    logger.error({ event: 'certificate', err }, `the certificate stays as it is: ${err.message}`);
  });
}

function showCertificate(metrics: MetricFactory, watcher: CertificateWatcher): void {
  metrics.gauge(
    'tls_certificate_last_reload_successful',
    '1 if the certificate on disk is the one in use, 0 if it can not be used.',
    () => (watcher.upToDate ? 1 : 0),
  );
  metrics.gauge(
    'tls_certificate_expiry_timestamp_seconds',
    'When the certificate in use expires.',
    () => watcher.expiresAt,
  );
}
