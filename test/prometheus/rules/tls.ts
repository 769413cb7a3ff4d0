import { type AlertScenarios, POD } from '../../support/rule-scenarios.ts';

const expiry = `tls_certificate_expiry_timestamp_seconds{${POD}}`;
const reloaded = `tls_certificate_last_reload_successful{${POD}}`;
const DAY = 86_400;

/** promtool begins in 1970: a certificate for so many days, looked at after 20 minutes. */
const days = (left: number) => ({ series: { [expiry]: `${left * DAY}x30` }, at: '20m' });

export const SCENARIOS: AlertScenarios[] = [
  {
    alert: 'CertificateExpires',
    window: '7d',
    fires: { 'a certificate for six days': days(6) },
    quiet: {
      'a certificate for a month': days(30),
      'one that has been renewed': { series: { [expiry]: `${DAY}x5 ${90 * DAY}x30` }, at: '20m' },
    },
  },
  {
    alert: 'CertificateExpires',
    window: '1d',
    fires: { 'a certificate for some hours': days(0.5) },
    quiet: { 'a certificate for six days': days(6) },
  },
  {
    alert: 'CertificateReloadFailed',
    fires: { 'files that can not be used': { series: { [reloaded]: '1x5 0x30' }, at: '20m' } },
    quiet: {
      'files that were read again in the end': { series: { [reloaded]: '1x5 0x5 1x30' }, at: '20m' },
      'a certificate that was never changed': { series: { [reloaded]: '1x30' }, at: '20m' },
    },
  },
];
