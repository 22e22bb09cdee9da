# Everything in one image: the compiler, the source and the program.
ARG GO_VERSION=1.24

FROM golang:${GO_VERSION}
WORKDIR /app
COPY . .
RUN go mod download
RUN go build -o calculator .
ENTRYPOINT ["/app/calculator"]
