# The command in a container, with Mesa's software Vulkan driver: it runs anywhere, on the CPU.
#
#   docker build -t wgpu-simvae .
#   docker run --rm -v "$PWD:/work" -u "$(id -u)" wgpu-simvae train --preset quick
#
# The working folder is /work, so runs and data lie in the folder that is mounted there.
#
# NVIDIA: with the NVIDIA container toolkit on the host, which brings the driver's own Vulkan files into the container,
#
#   docker run --rm --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility wgpu-simvae devices
#
# "graphics" is what Vulkan needs; the toolkit's default, "compute", is for CUDA alone. If `devices` then shows llvmpipe only,
# the driver's nvidia_icd.json has not been mounted. AMD and Intel: `--device /dev/dri` is all, Mesa's drivers are in here.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --features translate && strip target/release/wgpu-simvae

FROM debian:bookworm-slim
# libxext6 and libx11-6 are for NVIDIA's driver, which links them even where nothing is shown.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libvulkan1 libx11-6 libxext6 mesa-vulkan-drivers \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/release/wgpu-simvae /usr/local/bin/
# Any user may work in it, with a home for the caches: mount a folder there to keep them.
ENV HOME=/home/user NODEVICE_SELECT=1
RUN mkdir -p /home/user /work && chmod 1777 /home/user /work
USER 1000
WORKDIR /work
ENTRYPOINT ["wgpu-simvae"]
CMD ["--help"]
