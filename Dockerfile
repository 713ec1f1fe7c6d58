# The dashboard listens on the loopback address only, so run it in the host's network:
#   docker build -t devskyy-ml . && docker run --network host -v skyy:/data devskyy-ml
FROM python:3.11-slim
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends make libgomp1 && rm -rf /var/lib/apt/lists/*
COPY requirements.lock pyproject.toml README.md Makefile ./
RUN pip install --no-cache-dir torch==2.13.0 && pip install --no-cache-dir -r requirements.lock
COPY engine engine
COPY dashboard dashboard
COPY pages pages
COPY .streamlit .streamlit
RUN pip install --no-cache-dir --no-deps -e . && useradd --create-home skyy && mkdir /data && chown skyy /data
USER skyy
ENV SKYY_HOME=/data HF_HUB_OFFLINE=1
EXPOSE 8501
CMD ["skyy", "up", "--demo"]
