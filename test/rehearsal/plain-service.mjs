// A service as most are: Express, and a SIGTERM that closes the server at once.
import express from 'express';

const app = express();
app.get('/', (_req, res) => {
  res.json({ hello: 'world' });
});

const server = app.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
});
