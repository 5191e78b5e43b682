# A text id twice, one that is no name, and a text that says nothing.
s/text { id: "BODY_LARGE" ref: "Body exceeds {0} bytes." }/text { id: "ID_LONG" v1: "again" } text { id: "no name" v1: "x" } text { id: "EMPTY" }/
