package main

import (
	"os"
	"syscall"
	"unsafe"
)

// isTerminal asks the kernel for the terminal's settings: /dev/null, which is
// what "docker run" without -i gives, is a character device too but has none.
func isTerminal(file *os.File) bool {
	var settings syscall.Termios
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&settings)))
	return failed == 0
}
