"""What is measured, part by part; each can be measured again without the others."""
