import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where a gateway of one's own answers while the console is worked on with `npm run web`. */
const gateway = 'http://127.0.0.1:8089'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
  },
  server: { host: '127.0.0.1', proxy: { '^/(api|login|refresh|logout)': gateway } },
})
