//go:build !evergreen_portable

#include "textflag.h"

// func Fetch(first *Stretch, n int)
TEXT ·Fetch(SB), NOSPLIT, $0-16
	MOVD first+0(FP), R0
	MOVD n+8(FP), R1
stretch:
	MOVD 0(R0), R2
	MOVD 8(R0), R3
	ADD $16, R0
	CBZ R3, next
line:
	PRFM (R2), PLDL1KEEP
	ADD $64, R2
	SUB $1, R3
	CBNZ R3, line
next:
	SUB $1, R1
	CBNZ R1, stretch
	RET
