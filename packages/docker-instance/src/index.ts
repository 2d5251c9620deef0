export { type DockerBackend, type DockerBackendOptions, dockerBackend } from './backend.ts';
export type { DockerData } from './container/docker-data.ts';
export type { DockerSpec } from './container/docker-spec.ts';
export type { ContainerInfo, DockerInfo } from './container/info.ts';
export { DockerContainer, type DockerInfoOptions, type DockerOptions } from './docker-container.ts';
export type { DockerClient } from './engine/docker-client.ts';
export type { BuildImageOptions } from './image/build.ts';
export { buildImage } from './image/build-image.ts';
export { defaultImage, isDefaultImage } from './image/default-image.ts';
