/* Who may connect: so many in all, so many from one address.
 *
 * Asked once when a connection is accepted and told once when it ends, on any thread; a lock is fine there, no op comes
 * by here. IPv4 counts by address, IPv6 by /64: that is what one host is given. */
#ifndef OPS_SERVER_ADMISSION_H
#define OPS_SERVER_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct ops_admission;

enum ops_admission_answer {
    OPS_ADMITTED,
    OPS_REFUSED_TOTAL,   /* 503 */
    OPS_REFUSED_ADDRESS, /* 429 */
    OPS_REFUSED_QUIETLY  /* too many refusals are being written already: close, say nothing */
};

/* `refusals_max`: connections beyond the limits that may be told so at one time. NULL: no memory. */
struct ops_admission *ops_admission_open(uint32_t total_max, uint32_t address_max, uint32_t refusals_max);
void ops_admission_close(struct ops_admission *admission);

/* What a connection counts as. The owner gives it back with ops_admission_leave. */
struct ops_ticket {
    uint64_t address; /* hash key of the address */
    bool admitted, refused;
};

/* Fills the ticket whatever the answer. */
enum ops_admission_answer ops_admission_enter(struct ops_admission *admission, const struct sockaddr *address,
                                              struct ops_ticket *ticket);
void ops_admission_leave(struct ops_admission *admission, struct ops_ticket *ticket);

struct ops_admission_counts {
    uint32_t open, refusals;                   /* now */
    uint64_t admitted, refused_total, refused_address; /* ever */
};
struct ops_admission_counts ops_admission_counts(struct ops_admission *admission);

#endif
