// The text of the QR code in a picture (RGBA bytes), or "" if there is none: for browsers without
// BarcodeDetector. Only dark codes on light paper: those of the portal.
import jsQR from 'jsqr'

self.leggiQR = (data, width, height) =>
  jsQR(data, width, height, { inversionAttempts: 'dontInvert' })?.data ?? ''
