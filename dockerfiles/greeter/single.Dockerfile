# Everything in one image: Python, pip, the tests and the service.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}
WORKDIR /app
COPY . .
# The secret is there for machines behind a proxy with a certificate of its own; it never becomes part of the image.
RUN --mount=type=secret,id=ca-bundle,target=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt pip install -r requirements.txt
EXPOSE 8000
ENTRYPOINT ["python", "-m", "greeter"]
