FROM gcr.io/distroless/python3-debian13
USER 65532:65532
ENTRYPOINT ["/usr/bin/python3", "-c", "print(\"hello\")"]
