/** The rehearsal could not be run; the message says what was wrong and what was expected. */
export class RehearsalError extends Error {
  override readonly name = 'RehearsalError';
  readonly code: 'REHEARSAL_USAGE' | 'REHEARSAL_FAILED';

  constructor(code: RehearsalError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
