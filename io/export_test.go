package io

// Examined returns how many bytes the searches of a stream have looked at.
func (s *StreamReader) Examined() int { return s.examined }

// Kept returns how much memory a stream holds to write.
func (s *StreamWriter) Kept() int { return cap(s.pending) + s.batch + cap(s.spare) }
