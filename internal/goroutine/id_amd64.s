//go:build !evergreen_portable

#include "textflag.h"

// func ID() uint64
TEXT ·ID(SB), NOSPLIT, $0-8
	MOVQ (TLS), AX
	MOVQ AX, ret+0(FP)
	RET

// func CallerPC() uintptr
//
// A function with no frame of its own leaves BP as its caller set it, so BP is
// the frame pointer of the function that asks; its return address lies above.
TEXT ·CallerPC(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ 8(BP), AX
	MOVQ AX, ret+0(FP)
	RET
