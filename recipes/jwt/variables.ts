import { text, url } from '#lastcall';

/** `variables.jwt`. */
export const jwtVariables = {
  jwksUrl: url('JWT_JWKS_URL', {
    protocols: ['http', 'https'],
    required: true,
    meaning: 'Where the issuer has its public keys, as a JSON Web Key Set',
  }),
  issuer: text('JWT_ISSUER', { required: true, meaning: 'Who issues the tokens: their `iss`' }),
  audience: text('JWT_AUDIENCE', { required: true, meaning: 'Whom they are for: their `aud`' }),
};
