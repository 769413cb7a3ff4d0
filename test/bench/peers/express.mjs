// Express as it comes, with its default ETag.
import express from 'express';
import { answers } from './routes.mjs';

answers(express()).listen(Number(process.env.PORT), '127.0.0.1');
