#!/bin/bash

export ENTRYPOINT_VERSION=v1
