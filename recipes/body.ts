// In place of src/service/body.ts, as variables.ts is.
export * from '../src/service/body.ts';
