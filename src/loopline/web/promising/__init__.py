"""What can be promised, answered from memory: `desk` keeps it current, `answers` answers from it."""
