import { expect, it } from 'vitest'
import config from '../nginx/nginx.conf?raw'
import { securityHeaders } from '../security-headers'

it('nginx sends the same security headers as the preview', () => {
  const sent = [...config.matchAll(/^\s*add_header\s+(\S+)\s+"([^"]*)"\s+always;$/gm)].map((line) => [line[1], line[2]])
  expect(Object.fromEntries(sent)).toEqual(securityHeaders)
})
