// The service itself. README.md lists what it answers; whatever it refuses, it refuses with {"error": ...}.

import Fastify from 'fastify'
import { MAX_NOTES, MAX_TEXT, Notes } from './notes.js'

// Bytes. The longest text fits even if each of its characters is written as two escapes (😀 as "\ud83d\ude00").
const MAX_BODY = 16 * 1024

const noteBody = {
  type: 'object',
  properties: { text: { type: 'string', maxLength: MAX_TEXT, pattern: '\\S' } },
  required: ['text'],
  additionalProperties: false,
}

/** A Fastify instance that doesn't listen yet. It logs if told to. */
export function build({ logger = false } = {}) {
  const app = Fastify({
    logger,
    bodyLimit: MAX_BODY,
    requestTimeout: 10_000,
    frameworkErrors: answerError,
    // By default a wrong type is converted and an unknown property dropped: here both are the caller's mistakes.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  app.setErrorHandler(answerError)
  app.removeContentTypeParser('text/plain') // leaves JSON
  // Refused before its body is read: nobody is going to look at it.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return refuse(reply, 404, 'not found')
  })
  // A connection that is kept alive would keep a server from ending that has been told to.
  app.addHook('onSend', async (request, reply) => {
    if (!app.server.listening) reply.header('Connection', 'close')
  })

  app.get('/health', async () => ({ status: 'ok' }))
  routeNotes(app, new Notes())
  refuseOtherMethods(app, ['/health', '/notes', '/notes/:id'])
  return app
}

function routeNotes(app, notes) {
  app.get('/notes', async () => ({ notes: notes.list() }))

  app.post('/notes', { schema: { body: noteBody } }, async (request, reply) => {
    const note = notes.add(request.body.text)
    if (!note) return refuse(reply, 507, `there is room for ${MAX_NOTES} notes only`)
    return reply.code(201).header('Location', `/notes/${note.id}`).send(note)
  })

  app.get('/notes/:id', async (request, reply) => {
    return notes.get(request.params.id) ?? noSuchNote(reply)
  })

  app.put('/notes/:id', { schema: { body: noteBody } }, async (request, reply) => {
    return notes.replace(request.params.id, request.body.text) ?? noSuchNote(reply)
  })

  app.delete('/notes/:id', async (request, reply) => {
    return notes.remove(request.params.id) ? reply.code(204).send() : noSuchNote(reply)
  })
}

/** Fastify would answer 404 for a path that exists with another method. */
function refuseOtherMethods(app, paths) {
  for (const url of paths) {
    const allowed = app.supportedMethods.filter((method) => app.hasRoute({ method, url }))
    const refused = async (request, reply) => refuse(reply.header('Allow', allowed.join(', ')), 405, 'method not allowed')
    const others = app.supportedMethods.filter((method) => !allowed.includes(method))
    app.route({ method: others, url, onRequest: refused, handler: refused })
  }
}

function refuse(reply, status, error) {
  return reply.code(status).send({ error })
}

function noSuchNote(reply) {
  return refuse(reply, 404, 'no such note')
}

/** What a caller did wrong is said; what went wrong in here is for the log alone. */
function answerError(error, request, reply) {
  if (error.statusCode >= 400 && error.statusCode < 500) return refuse(reply, error.statusCode, error.message)
  request.log.error(error)
  return refuse(reply, 500, 'internal error')
}
