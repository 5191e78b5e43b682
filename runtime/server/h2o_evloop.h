/* Private: h2o with its own event loop. The library is compiled for epoll; the header must be told. */
#ifndef OPS_SERVER_H2O_EVLOOP_H
#define OPS_SERVER_H2O_EVLOOP_H

#define H2O_USE_EPOLL 1
#include <h2o.h>
#include <h2o/http1.h>

#endif
