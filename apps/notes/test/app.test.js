// The application, called as a server would call it.

import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { build } from '../src/app.js'
import { MAX_NOTES, MAX_TEXT } from '../src/notes.js'

const json = 'application/json; charset=utf-8'
let app

beforeEach(() => {
  app = build()
})

/** One exchange. A body is sent as it is if it is a string, else as JSON. */
const ask = (method, url, body, type = 'application/json') =>
  app.inject({ method, url, payload: body, headers: body === undefined ? {} : { 'content-type': type } })

function assertAnswer(answer, status, body) {
  assert.deepEqual([answer.statusCode, answer.headers['content-type'], answer.json()], [status, json, body])
}

describe('a note', () => {
  it('is kept under the address that it was given', async () => {
    const added = await ask('POST', '/notes', { text: 'Milk' })
    assertAnswer(added, 201, { id: '1', text: 'Milk' })
    assert.equal(added.headers.location, '/notes/1')
    assertAnswer(await ask('GET', '/notes/1'), 200, { id: '1', text: 'Milk' })
  })

  it('is replaced in its place', async () => {
    await ask('POST', '/notes', { text: 'Milk' })
    await ask('POST', '/notes', { text: 'Eggs' })
    assertAnswer(await ask('PUT', '/notes/1', { text: 'Oats' }), 200, { id: '1', text: 'Oats' })
    const notes = [{ id: '1', text: 'Oats' }, { id: '2', text: 'Eggs' }]
    assertAnswer(await ask('GET', '/notes'), 200, { notes })
  })

  it('is gone once removed, and its ID with it', async () => {
    await ask('POST', '/notes', { text: 'Milk' })
    const removed = await ask('DELETE', '/notes/1')
    assert.deepEqual([removed.statusCode, removed.body], [204, ''])
    assertAnswer(await ask('POST', '/notes', { text: 'Eggs' }), 201, { id: '2', text: 'Eggs' })
    for (const [method, body] of [['GET'], ['PUT', { text: 'Oats' }], ['DELETE']]) {
      assertAnswer(await ask(method, '/notes/1', body), 404, { error: 'no such note' })
    }
  })

  it('comes back character by character', async () => {
    for (const text of ['Zoë 李 😀', ' \n\t\u0000"\\', '\ud800', '<b>', '😀'.repeat(MAX_TEXT)]) {
      const { id } = (await ask('POST', '/notes', { text })).json()
      assertAnswer(await ask('GET', `/notes/${id}`), 200, { id, text })
    }
  })

  it('may be written in escapes alone', async () => {
    const body = `{"text":"${'\\ud83d\\ude00'.repeat(MAX_TEXT)}"}`
    assert.equal((await ask('POST', '/notes', body)).statusCode, 201)
  })
})

describe('bounds', () => {
  it('takes so many notes and no more, until one is removed', async () => {
    for (let i = 0; i < MAX_NOTES; i++) await ask('POST', '/notes', { text: 'Milk' })
    const error = `there is room for ${MAX_NOTES} notes only`
    assertAnswer(await ask('POST', '/notes', { text: 'Eggs' }), 507, { error })
    assert.equal((await ask('PUT', '/notes/1', { text: 'Eggs' })).statusCode, 200)
    await ask('DELETE', '/notes/1')
    assert.equal((await ask('POST', '/notes', { text: 'Eggs' })).statusCode, 201)
  })

  it('takes a body of so many bytes and no more', async () => {
    const padded = (length) => '{"text":"Milk"}'.padEnd(length)
    assert.equal((await ask('POST', '/notes', padded(16 * 1024))).statusCode, 201)
    assertAnswer(await ask('POST', '/notes', padded(16 * 1024 + 1)), 413, { error: 'Request body is too large' })
  })
})

describe('refuses', () => {
  const bodies = [
    ['text that is missing', {}, "body must have required property 'text'"],
    ['text that is empty', { text: '' }, 'body/text must match pattern "\\S"'],
    ['text that is blank', { text: ' \n' }, 'body/text must match pattern "\\S"'],
    ['text that is too long', { text: 'x'.repeat(MAX_TEXT + 1) }, `body/text must NOT have more than ${MAX_TEXT} characters`],
    ['text that is a number', { text: 42 }, 'body/text must be string'],
    ['a property that means nothing here', { text: 'Milk', id: '7' }, 'body must NOT have additional properties'],
    ['a body that is a list', ['Milk'], 'body must be object'],
    ['a body that ends too soon', '{"text":', "Body is not valid JSON but content-type is set to 'application/json'"],
    ['a body that is empty', '', "Body cannot be empty when content-type is set to 'application/json'"],
  ]
  for (const [what, body, error] of bodies) {
    it(what, async () => {
      await ask('POST', '/notes', { text: 'Milk' })
      for (const [method, url] of [['POST', '/notes'], ['PUT', '/notes/1']]) {
        assertAnswer(await ask(method, url, body), 400, { error })
      }
      assertAnswer(await ask('GET', '/notes'), 200, { notes: [{ id: '1', text: 'Milk' }] })
    })
  }

  it('a body of another type', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      assertAnswer(await ask('POST', '/notes', 'text=Milk', type), 415, { error: 'Unsupported Media Type' })
    }
  })

  it('a path that leads nowhere, whatever comes with it', async () => {
    assertAnswer(await ask('GET', '/nowhere'), 404, { error: 'not found' })
    assertAnswer(await ask('POST', '/nowhere', 'Milk', 'text/plain'), 404, { error: 'not found' })
  })

  it('a path that is no path', async () => {
    assertAnswer(await ask('GET', '/notes/%zz'), 400, { error: "'/notes/%zz' is not a valid url component" })
  })

  it('a wrong method, and says which are right', async () => {
    for (const [method, url, allowed] of [
      ['POST', '/health', ['GET', 'HEAD']],
      ['DELETE', '/notes', ['GET', 'HEAD', 'POST']],
      ['POST', '/notes/1', ['DELETE', 'GET', 'HEAD', 'PUT']],
    ]) {
      const answer = await ask(method, url, 'Milk', 'text/plain')
      assertAnswer(answer, 405, { error: 'method not allowed' })
      assert.deepEqual(answer.headers.allow.split(', ').sort(), allowed)
    }
  })
})

it('is healthy', async () => {
  assertAnswer(await ask('GET', '/health'), 200, { status: 'ok' })
})

it('keeps its own mistakes to itself', async () => {
  app.get('/broken', async () => {
    throw new Error('the password is swordfish')
  })
  assertAnswer(await ask('GET', '/broken'), 500, { error: 'internal error' })
})
