FROM python:3.13-slim
USER 65532:65532
ENTRYPOINT ["python", "-c", "print(\"hello\")"]
