module tareweight.example/calculator

go 1.19
