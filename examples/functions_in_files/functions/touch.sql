begin
    new.changed_at := now();
    return new;
end
