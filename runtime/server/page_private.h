/* The page sources as C (pages/embed makes them). */
#ifndef OPS_SERVER_PAGE_PRIVATE_H
#define OPS_SERVER_PAGE_PRIVATE_H

#include <stddef.h>

extern const char ops_page_home_policy[]; /* value of Content-Security-Policy; ends with a zero byte */
extern const char ops_page_home_html[];   /* has places such as {{VERSION}} */
extern const size_t ops_page_home_html_bytes;

#endif
