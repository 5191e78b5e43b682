import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.microsoft.signalr.HubConnection;
import com.microsoft.signalr.HubConnectionBuilder;
import com.microsoft.signalr.TransportEnum;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Microsoft's SignalR client for Java on a leash: a line of JSON on stdin is an order, a line of JSON on stdout is what came of it. The orders and
 * events are those of tests/live/program.mjs. Nothing is decided here: the scenes are played there, the same ones for every language.
 */
public final class Main
{
    private static final Gson GSON = new Gson().newBuilder().serializeNulls().create();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final Map<Integer, HubConnection> connections = new HashMap<>();

    public static void main(String[] args) throws IOException
    {
        Main main = new Main();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line; (line = in.readLine()) != null;)
                main.obey(JsonParser.parseString(line).getAsJsonObject());
        }
        System.exit(0); // the client's own threads would keep the program alive
    }

    private void obey(JsonObject order)
    {
        int id = order.get("id").getAsInt();
        switch (order.get("do").getAsString()) {
            case "open" -> open(id, order);
            case "invoke" -> invoke(id, order);
            case "stop" -> connections.get(id).stop().subscribe(() -> say(id, "stopped"), e -> say(id, "failed", "error", text(e)));
            default -> throw new IllegalArgumentException(order.toString());
        }
    }

    // A second order for the same id starts the connection again: that is how this client comes back, it has no automatic reconnect.
    private void open(int id, JsonObject order)
    {
        HubConnection connection = connections.computeIfAbsent(id, unused -> build(id, order));
        connection.start().subscribe(() -> say(id, "opened", "connectionId", text(connection.getConnectionId())),
            e -> say(id, "failed", "error", text(e)));
    }

    private HubConnection build(int id, JsonObject order)
    {
        TransportEnum transport = order.get("transport").getAsString().equals("LongPolling") ? TransportEnum.LONG_POLLING : TransportEnum.WEBSOCKETS;
        HubConnection connection = HubConnectionBuilder.create(order.get("url").getAsString()).withTransport(transport)
            .shouldSkipNegotiate(order.get("skipNegotiation").getAsBoolean()).build();

        order.getAsJsonObject("callbacks").entrySet().forEach(e -> listen(id, connection, e.getKey(), e.getValue().getAsInt()));
        connection.onClosed(e -> say(id, "closed", "error", text(e)));
        return connection;
    }

    // This client has to know how many arguments a callback takes.
    private void listen(int id, HubConnection connection, String name, int arity)
    {
        Class<JsonElement> any = JsonElement.class;
        switch (arity) {
            case 1 -> connection.on(name, a -> called(id, name, a), any);
            case 2 -> connection.on(name, (a, b) -> called(id, name, a, b), any, any);
            case 3 -> connection.on(name, (a, b, c) -> called(id, name, a, b, c), any, any, any);
            default -> throw new IllegalArgumentException(name);
        }
    }

    private void called(int id, String name, JsonElement... given)
    {
        JsonArray args = new JsonArray();
        for (JsonElement a : given)
            args.add(a);
        say(id, "callback", "name", new JsonPrimitive(name), "args", args);
    }

    // The client's Single for a result never ends when the server returns none, so the order says whether there is one.
    private void invoke(int id, JsonObject order)
    {
        HubConnection connection = connections.get(id);
        String method = order.get("method").getAsString();
        JsonElement call = order.get("call");
        JsonArray given = order.getAsJsonArray("args");
        Object[] args = new Object[given.size()];

        for (int i = 0; i < args.length; i++)
            args[i] = given.get(i);
        try {
            if (order.get("returns").getAsBoolean())
                connection.invoke(JsonElement.class, method, args).subscribe(value -> say(id, "result", "call", call, "value", value),
                    e -> say(id, "error", "call", call, "error", text(e)));
            else
                connection.invoke(method, args).subscribe(() -> say(id, "result", "call", call, "value", JsonNull.INSTANCE),
                    e -> say(id, "error", "call", call, "error", text(e)));
        } catch (RuntimeException e) { // not connected
            say(id, "error", "call", call, "error", text(e));
        }
    }

    private static JsonElement text(Throwable e)
    {
        return e == null ? JsonNull.INSTANCE : text(e.getMessage() == null ? e.toString() : e.getMessage());
    }

    private static JsonElement text(String s) { return s == null ? JsonNull.INSTANCE : new JsonPrimitive(s); }

    private static void say(int id, String event, Object... pairs)
    {
        JsonObject line = new JsonObject();
        line.addProperty("id", id);
        line.addProperty("event", event);
        for (int i = 0; i < pairs.length; i += 2)
            line.add((String) pairs[i], (JsonElement) pairs[i + 1]);
        synchronized (OUT) {
            OUT.println(GSON.toJson(line));
        }
    }
}
