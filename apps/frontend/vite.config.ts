import { defineConfig } from 'vite'
import { securityHeaders } from './security-headers'

// package.json has no "type": "module" on purpose: Vite 4 loads a CommonJS config from memory, but writes an ES module
// one to a file beside it first, which fails where the file system is read-only.
export default defineConfig({
  appType: 'mpa', // a path that doesn't exist is a 404, not this page again
  build: {
    modulePreload: { polyfill: false }, // there is one script only
    assetsInlineLimit: 0, // the content security policy has no data: URLs
  },
  preview: { headers: securityHeaders },
})
