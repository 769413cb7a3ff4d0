import { randomUUID } from 'node:crypto';
import { literal, number, string, union } from '@badrap/valita';
import type { Router } from 'express';
import { methodNotAllowed, Problem } from '#lastcall';
import type { Parts } from '../variables.ts';
import { described, describedObject, type ValueOf } from './described.ts';
import { documentOf } from './document.ts';
import { addRoutes, type Operation, operation } from './operation.ts';

// #region body
const COLOURS = ['red', 'blue'] as const;

const newWidget = describedObject(
  {
    name: described(
      string().assert((text) => /^[a-z]{1,20}$/.test(text), 'expected 1 to 20 small letters'),
      { type: 'string', pattern: '^[a-z]{1,20}$' },
    ),
    size: described(
      number().assert(
        (size) => Number.isInteger(size) && size >= 1 && size <= 100,
        'expected a whole number from 1 to 100',
      ),
      { type: 'integer', minimum: 1, maximum: 100 },
    ),
    colour: described(union(...COLOURS.map((colour) => literal(colour))).default('red'), {
      enum: COLOURS,
      default: 'red',
    }),
  },
  { name: 'bolt', size: 3, colour: 'blue' },
);
// #endregion body

/** What is kept and sent back. */
type Widget = ValueOf<typeof newWidget> & { id: string };

const widget = {
  type: 'object',
  required: ['id', 'name', 'size', 'colour'],
  properties: { id: { type: 'string', format: 'uuid' }, ...newWidget.schema['properties']! },
  additionalProperties: false,
};

/** `/widgets`, and `GET /openapi.json`, which says what can be done with them. */
export function openapi(router: Router, { config }: Parts): void {
  const widgets = new Map<string, Widget>();
  // #region operations
  const operations: Operation[] = [
    operation({
      id: 'createWidget',
      summary: 'Makes a widget',
      method: 'post',
      path: '/widgets',
      body: newWidget,
      answers: { 201: { description: 'The widget.', schema: widget } },
      handle: (_req, res, body) => {
        const made = { id: randomUUID(), ...body };
        widgets.set(made.id, made);
        res.status(201).location(`/widgets/${made.id}`).json(made);
      },
    }),
    operation({
      id: 'getWidget',
      summary: 'Shows a widget',
      method: 'get',
      path: '/widgets/{id}',
      parameters: { id: { type: 'string' } },
      answers: {
        200: { description: 'The widget.', schema: widget },
        404: { description: 'No widget has this id.' },
      },
      handle: (req, res) => {
        const found = widgets.get(String(req.params['id']));
        if (found === undefined) throw new Problem(404, 'no widget has this id');
        res.json(found);
      },
    }),
  ];
  // #endregion operations

  // #region serve
  const document = documentOf({ title: config.service.name, version: config.service.version }, operations);
  addRoutes(router, operations, config.bodyLimitBytes);
  router
    .route('/openapi.json')
    .get((_req, res) => {
      res.json(document);
    })
    .all(methodNotAllowed);
  // #endregion serve
}
