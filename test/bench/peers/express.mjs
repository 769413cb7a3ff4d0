// Express as it comes, with its default ETag.
import express from 'express';
import { answers, listen, streams } from './routes.mjs';

listen(streams(answers(express())));
