export const MAX_NOTES = 1000
export const MAX_TEXT = 1000 // characters

/** Notes in the order in which they were added. They live as long as the process, and an ID is never given twice. */
export class Notes {
  #notes = new Map()
  #lastId = 0

  list() {
    return [...this.#notes.values()]
  }

  get(id) {
    return this.#notes.get(id)
  }

  /** The new note; undefined where there is no room for it. */
  add(text) {
    if (this.#notes.size >= MAX_NOTES) return undefined
    const note = { id: String(++this.#lastId), text }
    this.#notes.set(note.id, note)
    return note
  }

  /** The note with its new text; undefined where there is none of that ID. */
  replace(id, text) {
    if (!this.#notes.has(id)) return undefined
    const note = { id, text }
    this.#notes.set(id, note)
    return note
  }

  /** Whether there was such a note. */
  remove(id) {
    return this.#notes.delete(id)
  }
}
